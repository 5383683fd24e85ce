# Flags and the functions by which every folder declares what it is: threads_library,
# threads_role, threads_test, threads_fuzz, threads_fuzz_target, threads_mutated.
find_package(PkgConfig REQUIRED)
include(GNUInstallDirs)

set(THREADS_LIBEXEC ${CMAKE_BINARY_DIR}/libexec)

add_library(threads_flags INTERFACE)
target_compile_options(threads_flags INTERFACE
	-include ${CMAKE_SOURCE_DIR}/include/threads/banned.h
	-Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
	-Wpointer-arith -Wwrite-strings -Wcast-qual -Wundef -Wvla
	-Wimplicit-fallthrough -Wswitch-enum -Wnull-dereference
	-fno-common -fno-omit-frame-pointer -fstack-protector-strong
	$<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches
		-Wformat-signedness -ftrivial-auto-var-init=zero>
	$<$<BOOL:${THREADS_WERROR}>:-Werror>
	$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
target_include_directories(threads_flags INTERFACE
	${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
if(THREADS_SANITIZE)
	target_compile_definitions(threads_flags INTERFACE THREADS_SANITIZE=1)
	target_compile_options(threads_flags INTERFACE
		-fsanitize=address,undefined -fno-sanitize-recover=all)
	target_link_options(threads_flags INTERFACE -fsanitize=address,undefined)
endif()
if(THREADS_FUZZ)
	add_custom_target(fuzzers)
	target_compile_options(threads_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_compile_definitions(threads_flags INTERFACE THREADS_VERSION="${PROJECT_VERSION}")

# threads_library(<folder> SOURCES a.c b.c LINKS threads_core PkgConfig::X)
function(threads_library folder)
	cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
	add_library(threads_${folder} STATIC ${arg_SOURCES})
	target_link_libraries(threads_${folder} PUBLIC threads_flags ${arg_LINKS})
endfunction()

# threads_role(<role> SOURCES main.c ... LINKS ...): the program libexec/threads-<role>.
# Its sources but main.c are a library, so that tests can link them.
function(threads_role role)
	cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
	if(arg_SOURCES)
		add_library(threads_${role} STATIC ${arg_SOURCES})
		target_link_libraries(threads_${role} PUBLIC threads_flags ${arg_LINKS})
		set(own threads_${role})
	endif()
	add_executable(threads-${role} main.c)
	target_link_libraries(threads-${role} PRIVATE threads_flags ${own} ${arg_LINKS})
	set_target_properties(threads-${role} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${THREADS_LIBEXEC})
	install(TARGETS threads-${role} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/threads)
endfunction()

# threads_test(<area> <module> [LINKS ...]): tests/<area>/test_<module>.c against threads_<area>.
function(threads_test area module)
	cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
	pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
	add_executable(test_${area}_${module} ${CMAKE_SOURCE_DIR}/tests/${area}/test_${module}.c)
	target_include_directories(test_${area}_${module} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
	target_compile_definitions(test_${area}_${module} PRIVATE
		THREADS_SOURCE_DIR="${CMAKE_SOURCE_DIR}" THREADS_BINARY_DIR="${CMAKE_BINARY_DIR}")
	target_link_libraries(test_${area}_${module} PRIVATE
		threads_${area} ${arg_LINKS} PkgConfig::CMOCKA)
	add_test(NAME ${area}/${module} COMMAND test_${area}_${module})
endfunction()

# threads_fuzz(<name> LINKS ...): tests/fuzz/fuzz_<name>.c; its corpus is replayed by ctest.
function(threads_fuzz name)
	cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
	threads_fuzz_target(${name} SOURCES ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c LINKS ${arg_LINKS})
endfunction()

# threads_fuzz_target(<name> SOURCES ... LINKS ...): the same of several sources.
function(threads_fuzz_target name)
	cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
	set(dir ${CMAKE_SOURCE_DIR}/tests/fuzz)
	add_executable(replay_${name} ${arg_SOURCES} ${dir}/replay.c)
	target_link_libraries(replay_${name} PRIVATE threads_flags ${arg_LINKS})
	add_test(NAME fuzz/${name} COMMAND replay_${name} ${dir}/corpus/${name})
	if(THREADS_FUZZ)
		add_executable(fuzz_${name} ${arg_SOURCES})
		target_link_libraries(fuzz_${name} PRIVATE threads_flags ${arg_LINKS})
		target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
		add_dependencies(fuzzers fuzz_${name})
	endif()
endfunction()

# threads_mutated(<out> <name> <folder/file.c> <from> <to>): a copy of src/<folder/file.c> with one
# line of it spoilt, to be linked in front of the library. A test must turn red with it.
function(threads_mutated out name file from to)
	file(READ ${CMAKE_SOURCE_DIR}/src/${file} text)
	string(FIND "${text}" "${from}" place)
	if(place EQUAL -1)
		message(FATAL_ERROR "mutant ${name}: '${from}' is not in ${file}")
	endif()
	string(REPLACE "${from}" "${to}" text "${text}")
	get_filename_component(base ${file} NAME)
	set(path ${CMAKE_CURRENT_BINARY_DIR}/mutant_${name}_${base})
	file(CONFIGURE OUTPUT ${path} CONTENT "${text}" @ONLY)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${file})
	set(${out} ${path} PARENT_SCOPE)
endfunction()
