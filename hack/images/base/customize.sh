#!/bin/sh
# Finishes the base image's tree ($1): mmdebstrap only unpacks, so what the packages' scripts would do is done here.
set -eu
root=$1
mkdir -p "$root/usr/local/bin"
ln -s /usr/bin/python3.11 "$root/usr/local/bin/python"
ln -s /usr/bin/python3.11 "$root/usr/local/bin/python3"
printf 'root:x:0:0::/root:/sbin/nologin\nkefu:x:10001:10001::/tmp:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nkefu:x:10001:\n' >"$root/etc/group"
mkdir -p "$root/etc/ssl/certs" "$root/tmp"
chmod 1777 "$root/tmp"
cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale "$root"/usr/share/info "$root"/usr/share/lintian \
  "$root"/usr/bin/dpkg* "$root"/usr/bin/debconf* "$root"/usr/bin/openssl "$root"/usr/share/perl* \
  "$root"/var/cache/* "$root"/var/lib/apt "$root"/var/lib/dpkg "$root"/var/log/*
# Libraries are found through this cache, and Python starts at half the cost with its bytecode at hand.
/sbin/ldconfig -r "$root"
chroot "$root" /usr/bin/python3.11 -m compileall -q --invalidation-mode unchecked-hash /usr/lib/python3.11
