#!/bin/sh
# See that Chromium and a Chinese font are there for the browser test. As root on Debian or
# Ubuntu they are installed; otherwise this says how, and the browser test is skipped.
set -u

has_browser() {
    for name in chromium chromium-browser google-chrome \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

has_font() {
    [ "$(uname)" = Darwin ] && return 0
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]
}

if has_browser && has_font; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium and a Chinese font for the browser test"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null 2>&1
    apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk \
        >/dev/null 2>&1
fi
if has_browser && has_font; then
    exit 0
fi
if [ -n "${CI:-}" ]; then
    echo "No Chromium or no Chinese font, and the browser test has to run here:"
else
    echo "No Chromium or no Chinese font: the browser test will be skipped. To have it run:"
fi
echo "    sudo apt-get install chromium fonts-noto-cjk"
[ -z "${CI:-}" ]
