# The Debian package: "cpack" in a release build that was configured for /usr; scripts/package does it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME threads)
set(CPACK_PACKAGE_VENDOR "The Threads authors")
set(CPACK_PACKAGE_CONTACT "The Threads authors <threads@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "self-hosted message hub: collects, files and finds an organisation's mail")
set(CPACK_PACKAGE_DESCRIPTION "Threads collects mail from many people's accounts (IMAP, mbox, Maildir),
files every message under the people and companies it is about, and lets those
who may see a message find and read it, behind one strong sign-in.
.
It runs as a service of confined processes, each with a user of its own,
behind a web server that speaks TLS (nginx, for example).")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.54~), publicsuffix, ca-certificates, systemd (>= 252)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nginx")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
file(WRITE ${CMAKE_BINARY_DIR}/conffiles "/etc/threads/threads.conf\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm
	${CMAKE_BINARY_DIR}/conffiles)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON) # /etc is not below /usr
include(CPack)
