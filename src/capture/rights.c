/*
 * capture/rights: user, capabilities, system calls.
 * SPDX-License-Identifier: MIT
 *
 * capabilities(7), prctl(2), seccomp(2).
 */
#include "capture/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define USER_DEFAULT   "nobody"
#define PASSWORD_BYTES 16384
#define SIGN_BIT       0x80000000U /* of a descriptor: AT_FDCWD has it */

/* ---- who ---------------------------------------------------------------------------------------- */

static bool look_up(struct rights_user *out, const char *name, struct err *err)
{
    char room[PASSWORD_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwnam_r(name, &entry, room, sizeof room, &found) != 0 || !found) {
        err_set(err, name, "no such user; name one with --user, or make it: useradd -r %.32s",
                name);
        return false;
    }
    out->uid = entry.pw_uid;
    out->gid = entry.pw_gid;
    if (out->uid == 0) {
        err_set(err, name, "is root; --user takes an unprivileged user");
        return false;
    }
    return true;
}

bool rights_user(struct rights_user *out, const char *name, struct err *err)
{
    bool root = geteuid() == 0;
    *out = (struct rights_user){.uid = geteuid(), .gid = getegid(), .change = root};
    if (!name && !root)
        return true;
    const char *wanted = name ? name : USER_DEFAULT;
    (void)snprintf(out->name, sizeof out->name, "%s", wanted);
    if (!look_up(out, wanted, err))
        return false;
    if (root || out->uid == geteuid())
        return true;
    err_set(err, wanted, "only root can become another user; leave --user away");
    return false;
}

/* ---- dropping ----------------------------------------------------------------------------------- */

static bool failed(struct err *err, const char *what)
{
    char reason[ERR_REASON_SIZE];
    err_set(err, NULL, "rights cannot be dropped (%s: %s); nothing was read", what,
            err_reason(errno, reason));
    return false;
}

static bool drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    struct __user_cap_data_struct left[2] = {{0}};
    if (syscall(SYS_capset, &head, none) != 0)
        return failed(err, "capset");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return failed(err, "clearing ambient capabilities");
    if (syscall(SYS_capget, &head, left) != 0)
        return failed(err, "capget");
    errno = EPERM;
    for (int i = 0; i < 2; i++) {
        if (left[i].effective || left[i].permitted || left[i].inheritable)
            return failed(err, "capabilities are left");
    }
    return true;
}

/* What a program started later could get; it needs a right itself, which a plain user has not. */
static void drop_bounding(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static bool become(const struct rights_user *u, struct err *err)
{
    if (setgroups(0, NULL) != 0)
        return failed(err, "setgroups");
    /* Linux's own: the C library declares them for GNU programs only. */
    if (syscall(SYS_setresgid, u->gid, u->gid, u->gid) != 0)
        return failed(err, "setresgid");
    if (syscall(SYS_setresuid, u->uid, u->uid, u->uid) != 0)
        return failed(err, "setresuid");
    return true;
}

/* Trust nothing that was said to have worked. */
static bool verify(const struct rights_user *u, struct err *err)
{
    uid_t uid[3];
    gid_t gid[3];
    if (syscall(SYS_getresuid, &uid[0], &uid[1], &uid[2]) != 0 ||
        syscall(SYS_getresgid, &gid[0], &gid[1], &gid[2]) != 0)
        return failed(err, "getresuid");
    errno = EPERM;
    for (int i = 0; i < 3; i++) {
        if (uid[i] != u->uid || gid[i] != u->gid)
            return failed(err, "an id was kept");
    }
    if (syscall(SYS_setresuid, 0, 0, 0) == 0)
        return failed(err, "root can be had back");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return failed(err, "new privileges are possible");
    return true;
}

bool rights_drop(const struct rights_user *user, struct err *err)
{
    if (user->change) {
        drop_bounding();
        if (!become(user, err))
            return false;
    }
    if (!drop_capabilities(err))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(err, "no_new_privs");
    return verify(user, err);
}

/* ---- system calls ------------------------------------------------------------------------------- */

/* Whatever its arguments. */
static const int allowed[] = {
    /* descriptors */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(access), /* libraries ask for their configuration */
    SCMP_SYS(faccessat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(fcntl),
    /* files below open folders; where and how they are opened is ruled below */
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlinkat),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    /* open sockets */
    SCMP_SYS(accept4),
    SCMP_SYS(connect),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(shutdown),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    /* time */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(nanosleep),
    SCMP_SYS(restart_syscall),
    /* the process itself */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_yield),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* Of ioctl: the terminal's size and mode, and what libpcap asks of an interface that came back. */
static const unsigned long requests[] = {
    TIOCGWINSZ, TCGETS, TCSETS, TCSETSW, TCSETSF, FIONBIO, FIONREAD, SIOCGIFFLAGS,
};

static int allow_all(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        int code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        if (code != 0)
            return code;
    }
    return 0;
}

/* Memory that is both writable and executable is never needed: mmap and mprotect are for data. */
static int allow_some(scmp_filter_ctx filter)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof requests / sizeof *requests; i++)
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, requests[i]));
    if (code == 0)
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0));
    /* Sockets to this machine's own daemons: a reader of events that comes back. */
    if (code == 0)
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_UNIX));
    /* Reading: anywhere. Anything else: with the descriptor of a folder that was opened before. */
    if (code == 0)
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, 0));
    if (code == 0)
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, SIGN_BIT, 0));
    return code;
}

bool rights_confine(struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int code = filter ? allow_all(filter) : -ENOMEM;
    if (code == 0)
        code = allow_some(filter);
    if (code == 0)
        code = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    if (code == 0)
        return true;
    errno = -code;
    return failed(err, "seccomp");
}
