#!/usr/bin/env bash
# Runs inside the container of docker-compose.yml: OpenLDAP with the practice company as on Monday, made anew each time.
set -euo pipefail

if ! command -v slapd > /dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends slapd
fi

home=${HARBOUR_HOME:-/srv/harbour}
listen=${HARBOUR_URL:-ldap://0.0.0.0:389}
here=$(dirname "$0")
rm -rf "$home"
mkdir -p "$home/data"
cat > "$home/slapd.conf" << CONFIG
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload ppolicy
sizelimit unlimited
database mdb
suffix "dc=harbour,dc=example"
rootdn "cn=root,dc=harbour,dc=example"
rootpw harbour
directory $home/data
index objectClass,entryUUID,uid,mail,member eq
overlay memberof
overlay refint
refint_attributes member uniqueMember
overlay ppolicy
CONFIG

# The export ends in what ldapsearch says of the search, and holds what the server works out itself: neither is content.
# Folded lines are joined first, so that none loses its beginning.
sed -e ':join' -e 'N' -e '$!b join' -e 's/\n //g' "$here/monday.ldif" |
  sed -e '/^search: /,$d' -e '/^\(entryDN\|subschemaSubentry\|hasSubordinates\):/d' > "$home/monday.ldif"
slapadd -q -f "$home/slapd.conf" -l "$home/monday.ldif"
exec slapd -d none -h "$listen" -f "$home/slapd.conf"
