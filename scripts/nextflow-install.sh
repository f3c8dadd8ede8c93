#!/usr/bin/env bash
# Installs Nextflow from Maven Central, for the tests of workflows/nextflow. It works without a network afterwards.
# usage: nextflow-install.sh DIR VERSION      then DIR/nextflow run ...
#
# The usual installer downloads from Nextflow's own site and asks for plugins there; Maven Central has what a local run
# needs. Two artifacts of 25.04 are not there in the version that is asked for: lib-trace, which sends runs to a service,
# is left out, and nf-lang, the parser of the stricter syntax, is taken as 25.04.0.
set -euo pipefail

if [ $# -ne 2 ]; then
	sed -n '2,4p' "$0" >&2
	exit 64
fi
version=$2
if [ -x "$1/nextflow" ] && [ -e "$1/whole" ]; then
	exit 0
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)

missing=""
command -v mvn >/dev/null || missing="maven"
command -v java >/dev/null || missing="$missing openjdk-17-jre-headless"
if [ -n "$missing" ]; then
	# $missing may be two words
	# shellcheck disable=SC2086
	"$(dirname "$0")/setup.sh" $missing
fi

exclusions="" instead=""
case $version in
25.04.*)
	exclusions="<exclusions>
        <exclusion><groupId>io.seqera</groupId><artifactId>lib-trace</artifactId></exclusion>
        <exclusion><groupId>io.nextflow</groupId><artifactId>nf-lang</artifactId></exclusion>
      </exclusions>"
	instead="<dependency><groupId>io.nextflow</groupId><artifactId>nf-lang</artifactId><version>25.04.0</version></dependency>"
	;;
esac
cat >"$dir/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>nextflow-$version</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.nextflow</groupId>
      <artifactId>nextflow</artifactId>
      <version>$version</version>
      $exclusions
    </dependency>
    $instead
  </dependencies>
</project>
POM
(cd "$dir" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime)

cat >"$dir/nextflow" <<'LAUNCHER'
#!/usr/bin/env bash
# Nextflow without its self-installer: no plugins, no network, no colours.
set -euo pipefail
dir=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
export NXF_OFFLINE=true NXF_DISABLE_CHECK_LATEST=true
export NXF_ANSI_LOG=${NXF_ANSI_LOG:-false} NXF_PLUGINS_DEFAULT=${NXF_PLUGINS_DEFAULT:-false} NXF_HOME=${NXF_HOME:-$dir/home}
mkdir -p "$NXF_HOME"
opens=()
for package in java.lang java.io java.nio java.net java.util java.util.concurrent.locks java.util.concurrent.atomic \
	java.nio.file.spi java.util.regex sun.nio.ch sun.nio.fs sun.net.www.protocol.http sun.net.www.protocol.https \
	sun.net.www.protocol.ftp sun.net.www.protocol.file jdk.internal.misc jdk.internal.vm; do
	opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
# The archive has Nextflow's classes ready to use, which saves a third of the start; another Java just ignores it.
archive=(-XX:SharedArchiveFile="$dir/classes.jsa" -Xshare:auto -Xlog:disable)
if [ ! -e "$dir/classes.jsa" ]; then
	archive=(-XX:ArchiveClassesAtExit="$dir/classes.jsa" -Xlog:disable)
fi
exec java "${archive[@]}" -XX:TieredStopAtLevel=1 -Xmx1g "${opens[@]}" -cp "$dir/lib/*" nextflow.cli.Launcher "$@"
LAUNCHER
chmod +x "$dir/nextflow"
# The first run, of one task, makes the archive of classes.
try=$(mktemp -d)
trap 'rm -rf "$try"' EXIT
cat >"$try/try.nf" <<'TRY'
process TRY {
    output:
    path "done"

    script:
    """
    touch done
    """
}

workflow {
    TRY()
}
TRY
(cd "$try" && "$dir/nextflow" -q run try.nf)
"$dir/nextflow" -version | grep -q "$version" || { echo "nextflow-install: $dir/nextflow does not say that it is $version" >&2; exit 1; }
touch "$dir/whole"
