# cmake -DFROM=lexicon.bin -DTO=config/lexicon.bin -P place.cmake
# Puts a built file among the data it belongs to, for programs that run from this tree; in one step,
# since another program may be reading the old one. A tree that cannot be written to stays as it is.
string(MD5 mark ${FROM})
file(COPY_FILE ${FROM} ${TO}.${mark} RESULT fault)
if(fault STREQUAL "0")
  file(RENAME ${TO}.${mark} ${TO} RESULT fault)
endif()
if(NOT fault STREQUAL "0")
  message(WARNING "cannot write ${TO}: ${fault}; set LIAISON_DATA to a folder that has it")
endif()
