# cmake -DOUT=x.c -DIN=file -DNAME=name -DHEADER=room/x.h -P text.cmake: a file as a C array, NUL-terminated.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nconst char ${NAME}_text[] = {\n${bytes}0};\nconst size_t ${NAME}_bytes = sizeof ${NAME}_text - 1;\n")
