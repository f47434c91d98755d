#!/bin/sh
# gadget.sh VID PID SERIAL KEYBOARD LUN...: in the guest, plugs in one USB thing. KEYBOARD is yes or no; a LUN is an image of a disk, or with
# "cdrom:" before it of a disc. gadget.sh SERIAL pulls it out.
set -e
modprobe --all dummy_hcd libcomposite
mountpoint --quiet /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
if [ $# = 1 ]; then
  cd "/sys/kernel/config/usb_gadget/$1"
  echo "" > UDC
  rm configs/c.1/*.0
  for lun in functions/mass_storage.0/lun.[1-9]; do [ ! -d "$lun" ] || rmdir "$lun"; done
  rmdir configs/c.1 functions/* strings/*
  cd .. && exec rmdir "$1"
fi
mkdir "/sys/kernel/config/usb_gadget/$3"
cd "/sys/kernel/config/usb_gadget/$3"
echo "0x$1" > idVendor
echo "0x$2" > idProduct
mkdir -p strings/0x409 configs/c.1 functions/mass_storage.0
echo "$3" > strings/0x409/serialnumber
echo "Combo" > strings/0x409/product
echo "Test" > strings/0x409/manufacturer
if [ "$4" = yes ]; then
  mkdir functions/hid.0
  echo 1 > functions/hid.0/protocol
  echo 1 > functions/hid.0/subclass
  echo 8 > functions/hid.0/report_length
  # A boot keyboard's report: eight bits of modifiers, a byte that is reserved, six keys (HID 1.11, appendix B.1, without the lights).
  printf '\005\001\011\006\241\001\005\007\031\340\051\347\025\000\045\001\165\001\225\010\201\002\225\001\165\010\201\001\225\006\165\010\025\000\045\145\005\007\031\000\051\145\201\000\300' > functions/hid.0/report_desc
  ln -s functions/hid.0 configs/c.1
fi
shift 4
number=0
for image in "$@"; do
  lun=functions/mass_storage.0/lun.$number
  [ -d "$lun" ] || mkdir "$lun"
  echo 1 > "$lun/removable"
  case "$image" in cdrom:*) echo 1 > "$lun/cdrom"; echo 1 > "$lun/ro" ;; esac
  echo "${image#cdrom:}" > "$lun/file"
  number=$((number + 1))
done
ln -s functions/mass_storage.0 configs/c.1
ls /sys/class/udc | head -n 1 > UDC
