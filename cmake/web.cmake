# Builds the web pages: cmake -DNPM= -DWEB= -DFORMS= -DOUT= -P web.cmake
# What npm brings lies beside package-lock.json, one for all builds; two builds wait for each other.
file(LOCK ${WEB}/.build.lock GUARD PROCESS)
file(SHA256 ${WEB}/package-lock.json wanted)
set(stamp ${WEB}/node_modules/.liaison)
set(have)
if(EXISTS ${stamp})
  file(READ ${stamp} have)
endif()
if(NOT have STREQUAL wanted)
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${WEB} RESULT_VARIABLE failed)
  if(failed)
    message(WARNING "npm ci failed: the web pages are not built")
    return()
  endif()
  file(WRITE ${stamp} ${wanted})
endif()
execute_process(COMMAND ${NPM} run --silent build -- ${FORMS} ${OUT}
  WORKING_DIRECTORY ${WEB} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the web pages could not be built")
endif()
