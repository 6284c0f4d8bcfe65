#!/bin/sh
# Installs by apt what the tests need beside Python packages: a real IMAP server, a real DNS
# server, a real browser and its fonts; and Pango, with which rua weekly makes its PDF. Does nothing,
# and asks no mirror, when everything is there.
#
# Example: sh deploy/system-packages.sh
#
# Where it cannot install (not Debian or Ubuntu, not root) it names the tests that will be left
# out and ends with 0; with CI=true something missing ends with 1.

set -eu

PACKAGES="dovecot-imapd knot chromium fonts-dejavu-core libpango-1.0-0 libpangoft2-1.0-0"
POLICY=/usr/sbin/policy-rc.d
wrote_policy=

tests_of() {
    case $1 in
        dovecot-imapd) echo "the IMAP tests (a real Dovecot)" ;;
        knot) echo "the DNS tests (a real Knot DNS)" ;;
        chromium) echo "the browser tests of the dashboards" ;;
        fonts-dejavu-core) echo "the tests that compare rendered text" ;;
        libpango*) echo "the tests of the weekly report" ;;
    esac
}

# Other systems, and people who built it themselves, have the program without the package.
is_there() {
    case $1 in
        dovecot-imapd) command -v dovecot || test -x /usr/sbin/dovecot ;;
        knot) command -v knotd || test -x /usr/sbin/knotd ;;
        chromium) command -v chromium || command -v chromium-browser ;;
        fonts-dejavu-core) test -n "$(fc-list 'DejaVu Sans' 2>/dev/null)" ;;
        libpango*) has_library "${1%-*}" ;;
    esac >/dev/null 2>&1 || dpkg -s "$1" 2>/dev/null | grep -q '^Status: .* installed$'
}

# libpango-1.0-0 is the package of libpango-1.0.so.0.
has_library() {
    PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q "$1\.so\.0 "
}

missing() {
    for package in $PACKAGES; do
        is_there "$package" || printf '%s ' "$package"
    done
}

remove_policy() {
    if [ -n "$wrote_policy" ]; then rm -f "$POLICY"; fi
    wrote_policy=
}

# The packages dovecot and knot would start their services, which nobody here has asked for.
forbid_services() {
    if [ -e "$POLICY" ] || [ -L "$POLICY" ]; then return; fi
    trap remove_policy EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    wrote_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

install_all() {
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    forbid_services
    apt-get update -qq || echo "system-packages: apt-get update failed; trying the old lists" >&2
    # Word splitting is meant: package names hold no spaces.
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends "$@" >&2 ||
        echo "system-packages: apt-get install failed" >&2
    remove_policy
}

wanted=$(missing)
if [ -n "$wanted" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    install_all $wanted
    wanted=$(missing)
fi

for package in $wanted; do
    echo "system-packages: $package is missing: $(tests_of "$package") will be left out"
done
if [ -n "$wanted" ] && [ "${CI:-}" = true ]; then exit 1; fi
