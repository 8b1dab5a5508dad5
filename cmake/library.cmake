# cmake -DOUT=library_code.c -DGUARDS=lifecycle.lua -DFILES="a.lua;b.lua" -P library.cmake
# Joins the Lua files into one Redis Functions library and writes it as a C array.
set(code "#!lua name=liaison_v1\n")
file(READ ${GUARDS} text)
string(APPEND code "${text}")
foreach(path ${FILES})
  file(READ ${path} text)
  string(APPEND code "${text}")
endforeach()
file(WRITE ${OUT}.lua "${code}")
file(READ ${OUT}.lua hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"store/library.h\"\n\nconst char library_code[] = {\n${bytes}0};\nconst size_t library_bytes = sizeof library_code - 1;\n")
