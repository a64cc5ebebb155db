# Sourced by mvnw and wick. Sets and exports JAVA_HOME to a JDK that can build and run Wick, or prints
# one sentence with the remedy and exits. Reads the `release` file of each candidate instead of starting
# it: that takes no time, and does not wake the stub that macOS has in place of a missing Java.

jdk_minimum=25

# The feature release of the JDK in folder $1; nothing when it is not a JDK.
jdk_release() {
  [ -x "$1/bin/javac" ] || return 0
  [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release"
}

# Whether folder $1 is a JDK of at least the minimum release.
jdk_fits() {
  jdk_found=$(jdk_release "$1")
  [ -n "$jdk_found" ] && [ "$jdk_found" -ge "$jdk_minimum" ]
}

# The folder that the command $1 on the PATH belongs to, links followed.
jdk_of_command() {
  jdk_command=$(command -v "$1") || return 0
  while [ -L "$jdk_command" ]; do
    jdk_link=$(readlink "$jdk_command")
    case $jdk_link in
      /*) jdk_command=$jdk_link ;;
      *) jdk_command=$(dirname "$jdk_command")/$jdk_link ;;
    esac
  done
  (cd "$(dirname "$jdk_command")/.." 2>/dev/null && pwd -P) || return 0
}

# Every folder where a JDK usually stands, one a line. Patterns that match nothing stay as they are and
# fail the test that follows.
jdk_places() {
  [ ! -x /usr/libexec/java_home ] || /usr/libexec/java_home -v "$jdk_minimum" 2>/dev/null || :
  printf '%s\n' \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/*jdk* /usr/local/*jdk* /usr/local/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /home/linuxbrew/.linuxbrew/opt/openjdk*/libexec \
    "${SDKMAN_DIR:-$HOME/.sdkman}"/candidates/java/* \
    "$HOME"/.jdks/* "$HOME"/.jdks/*/Contents/Home \
    "$HOME"/.gradle/jdks/* "$HOME"/.gradle/jdks/*/Contents/Home \
    "${ASDF_DATA_DIR:-$HOME/.asdf}"/installs/java/* \
    "${MISE_DATA_DIR:-$HOME/.local/share/mise}"/installs/java/* \
    "$HOME"/.jenv/versions/*
}

# Sets JAVA_HOME: the caller's, else that of `java` on the PATH, else from the usual places, where a JDK
# of exactly the minimum release, which the tests run on, goes before a later one.
find_jdk() {
  HOME=${HOME:-/}
  if [ -n "${JAVA_HOME-}" ] && jdk_fits "$JAVA_HOME"; then
    export JAVA_HOME
    return
  fi
  jdk_later=
  jdk_home=$(jdk_of_command java)
  if [ -n "$jdk_home" ] && jdk_fits "$jdk_home"; then
    JAVA_HOME=$jdk_home
    export JAVA_HOME
    return
  fi
  while IFS= read -r jdk_home; do
    jdk_fits "$jdk_home" || continue
    if [ "$jdk_found" -eq "$jdk_minimum" ]; then
      JAVA_HOME=$jdk_home
      export JAVA_HOME
      return
    fi
    [ -n "$jdk_later" ] || jdk_later=$jdk_home
  done <<EOF
$(jdk_places)
EOF
  if [ -n "$jdk_later" ]; then
    JAVA_HOME=$jdk_later
    export JAVA_HOME
    return
  fi
  echo "$(basename "$0"): no JDK $jdk_minimum or later in JAVA_HOME, on the PATH or in the usual folders;" \
    "install one (for example from https://adoptium.net) or set JAVA_HOME to its folder." >&2
  exit 1
}

find_jdk
