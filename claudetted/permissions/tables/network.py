"""Owns the table of programs that reach other machines, and of those that use keys."""

from claudetted.permissions.options import Program

_KEYS = Program(never="It uses your keys.")

PROGRAMS: dict[str, Program] = {
    "curl": Program(
        "curl 7.88",
        "-s -S -f -i -I -v -g -N -4 -6 -# -q -H=header -A=text -e=text -w=report -m=num "
        "-r=text -o=null -X=GET|HEAD|OPTIONS --silent --show-error --fail --fail-with-body "
        "--include --head --verbose --globoff --no-buffer --compressed "
        "--http1.1 --http2 --ipv4 --ipv6 --progress-bar --no-progress-meter --header=header "
        "--user-agent=text --referer=text --write-out=report --max-time=num "
        "--connect-timeout=num --retry=num --retry-delay=num --retry-max-time=num "
        "--retry-connrefused --retry-all-errors --max-redirs=num --range=text --output=null "
        "--request=GET|HEAD|OPTIONS --tlsv1.2 --tlsv1.3 --path-as-is --disable",
        writes="-O --remote-name --remote-name-all --output-dir= -c= --cookie-jar= -D= "
        "--dump-header= --trace= --trace-ascii= --stderr= --libcurl= --hsts= --alt-svc= "
        "--etag-save= -J --remote-header-name",
        # A redirect leads to a host of the server's choice.
        moves="-L --location --location-trusted -K= --config= -T= --upload-file= -d= --data= "
        "--data-binary= --data-raw= "
        "--data-urlencode= --json= -F= --form= -b= --cookie= -E= --cert= --key= -n --netrc "
        "--netrc-file= --preproxy= --engine= --doh-url= -x= --proxy= --socks5= --resolve= "
        "--connect-to= --unix-socket= -u= --user= --url= --proto-default=",
        net=True,
    ),
    "wget": Program(
        runs="-e= --execute= --use-askpass=",
        writes="-O= --output-document= -P= --directory-prefix= -o= --output-file= -a= -r -m "
        "--recursive --mirror --save-cookies=",
        moves="-i= --input-file= --post-data= --post-file= --body-data= --body-file= --method=",
        net=True,
    ),
    "ssh": Program(
        carries=True, code="all", runs="-o= -F= -E= -W= -L= -R= -D= -i= -J=", moves="-p= -l= -b="
    ),
    "scp": Program(code="all", runs="-S= -o= -F= -D= -i= -J="),
    "sftp": Program(code="all", runs="-S= -o= -F= -b= -D="),
    "rsync": Program(
        code="all",
        runs="-e= --rsh= --rsync-path= -M= --remote-option=",
        writes="--delete --delete-after --delete-before --delete-excluded --remove-source-files "
        "--log-file= --backup-dir= -T= --temp-dir= -L --copy-links",
        moves="--files-from= --include-from= --exclude-from= --password-file=",
    ),
    "nc": Program(runs="-e= -c=", texts=-1, code="all"),
    "ncat": Program(runs="-e= -c= --exec= --sh-exec=", texts=-1, code="all"),
    "socat": Program(never="It connects whatever it is told to."),
    **dict.fromkeys(("telnet", "ping", "dig", "nslookup"), Program(code="all")),
    "openssl": Program(sub=True),
    **dict.fromkeys(("gpg", "ssh-keygen", "ssh-add", "security", "pass"), _KEYS),
}
