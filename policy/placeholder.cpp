// first source follows
