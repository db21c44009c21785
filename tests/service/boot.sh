# Becomes systemd on a copy of this root whose changes are in memory. Runs in namespaces of its own.
set -e
place=$(mktemp -d)
mount -t tmpfs none "$place"
mkdir "$place/changes" "$place/work" "$place/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/changes,workdir=$place/work" "$place/root"
root="$place/root"

# Nothing of this machine's own is started.
rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.service
for unit in networkd resolved timesyncd udevd; do
    ln -sf /dev/null "$root/etc/systemd/system/systemd-$unit.service"
done
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"

mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs none "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# A user who lingers, and who may read our Python wherever it is.
chroot "$root" useradd --create-home --uid "$USER_ID" --shell /bin/bash "$USER_NAME"
mkdir -p "$root/var/lib/systemd/linger"
touch "$root/var/lib/systemd/linger/$USER_NAME"
place="$PYTHON_HOME"
while [ "$place" != / ]; do
    chmod a+rx "$root$place"
    place=$(dirname "$place")
done

cd "$root"
mkdir -p mnt
pivot_root . mnt
umount -l /mnt
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
    --unit=multi-user.target --log-target=null
