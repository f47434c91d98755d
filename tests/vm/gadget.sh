#!/bin/sh
# gadget.sh IMAGE: in the guest, plugs in one thing that is a keyboard and a disk with this image on it.
set -e
modprobe --all dummy_hcd libcomposite
mountpoint --quiet /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir /sys/kernel/config/usb_gadget/combo
cd /sys/kernel/config/usb_gadget/combo
echo 0x1209 > idVendor
echo 0x0001 > idProduct
mkdir -p strings/0x409 configs/c.1 functions/hid.0 functions/mass_storage.0
echo COMBO > strings/0x409/serialnumber
echo Combo > strings/0x409/product
echo Test > strings/0x409/manufacturer
echo 1 > functions/hid.0/protocol
echo 1 > functions/hid.0/subclass
echo 8 > functions/hid.0/report_length
# A boot keyboard's report: eight bits of modifiers, a byte that is reserved, six keys (HID 1.11, appendix B.1, without the lights).
printf '\005\001\011\006\241\001\005\007\031\340\051\347\025\000\045\001\165\001\225\010\201\002\225\001\165\010\201\001\225\006\165\010\025\000\045\145\005\007\031\000\051\145\201\000\300' > functions/hid.0/report_desc
echo 1 > functions/mass_storage.0/lun.0/removable
echo "$1" > functions/mass_storage.0/lun.0/file
ln -s functions/hid.0 functions/mass_storage.0 configs/c.1
ls /sys/class/udc > UDC
