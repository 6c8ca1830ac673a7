# Packages of another Debian release, beside the system. Sourced by the scripts here; needs an amd64 Debian with apt and root.

fetch() {  # fetch RELEASE PACKAGE FOLDER: the package and all that it needs, as FOLDER/cache/archives/*.deb
  local release=$1 package=$2 folder=$3 mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/\?$')
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  touch "$folder/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$folder/sources"
  cat >"$folder/apt.conf" <<CONF
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder/cache";
Dir::Etc::sourcelist "$folder/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$folder/apt.conf apt-get update -qq
  APT_CONFIG=$folder/apt.conf apt-get install -qq -y --download-only --no-install-recommends "$package" >/dev/null
}

unpack() {  # unpack FOLDER ROOT: what was fetched into FOLDER, fresh into ROOT
  local package
  rm -rf "$2"
  mkdir -p "$2"
  for package in "$1"/cache/archives/*.deb; do dpkg-deb -x "$package" "$2"; done
}

settle() {  # settle ROOT PROGRAM: the program finds its own loader and libraries, however it is started
  command -v patchelf >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends patchelf >/dev/null; }
  patchelf --set-interpreter "$1/usr/lib64/ld-linux-x86-64.so.2" \
    --set-rpath "$1/usr/lib/x86_64-linux-gnu" --force-rpath "$1/$2"
}
