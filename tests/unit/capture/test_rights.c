/*
 * Tests of capture/rights: what is given up is gone, and who cannot give up does not go on. Each in a child
 * process, since there is no way back.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/rights.h"
#include "unit.h"

/* Exit status of a child that runs `body`, or 256 plus the signal that ended it. */
static int in_child(int (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_root(void)
{
    return geteuid() == 0;
}

static int confine(void)
{
    struct err err;
    return rights_confine(&err) ? 0 : 99;
}

static bool give_up(void)
{
    struct rights_user user;
    struct err err;
    return rights_user(&user, NULL, &err) && rights_drop(&user, &err);
}

/* ---- dropping ---- */

static int root_cannot_be_had_back(void)
{
    if (!give_up())
        return 1;
    if (geteuid() == 0 || syscall(SYS_setresuid, 0, 0, 0) == 0)
        return 2;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 3;
    /* A raw socket is what capture needs. */
    return socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM ? 0 : 4;
}

static int without_the_right_to_change_user(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    struct rights_user user;
    struct err err = {.text = ""};
    if (syscall(SYS_capget, &head, data) != 0)
        return 1;
    data[0].effective &= ~(1U << CAP_SETUID);
    data[0].permitted &= ~(1U << CAP_SETUID);
    if (syscall(SYS_capset, &head, data) != 0 || !rights_user(&user, NULL, &err))
        return 2;
    if (rights_drop(&user, &err))
        return 3;
    return strstr(err.text, "setresuid") && strstr(err.text, "nothing was read") ? 0 : 4;
}

static void dropping_is_for_good(void **state)
{
    (void)state;
    if (!is_root())
        skip();
    assert_int_equal(in_child(root_cannot_be_had_back), 0);
}

static void dropping_that_fails_is_said(void **state)
{
    (void)state;
    if (!is_root())
        skip();
    assert_int_equal(in_child(without_the_right_to_change_user), 0);
}

static void root_is_no_user_to_become(void **state)
{
    (void)state;
    struct rights_user user;
    struct err err;
    assert_false(rights_user(&user, "root", &err));
    assert_non_null(strstr(err.text, "unprivileged"));
    assert_false(rights_user(&user, "no-such-user-here", &err));
    assert_non_null(strstr(err.text, "no such user"));
}

/* ---- confinement ---- */

static int allowed_calls(void)
{
    char byte;
    if (confine() != 0)
        return 1;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &byte, 1) != 0 || close(fd) != 0)
        return 2;
    if (access("/dev/null", R_OK) != 0)
        return 4;
    void *memory = malloc(1U << 20);
    free(memory);
    return memory ? 0 : 3;
}

static int start_a_program(void)
{
    char *none[] = {NULL};
    if (confine() != 0)
        return 1;
    (void)execve("/bin/true", none, none);
    return 2;
}

static int open_a_network_socket(void)
{
    if (confine() != 0)
        return 1;
    (void)socket(AF_INET, SOCK_STREAM, 0);
    return 2;
}

static int write_anywhere(void)
{
    if (confine() != 0)
        return 1;
    (void)open("/tmp/oobescope-forbidden", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return 2;
}

static int make_memory_executable(void)
{
    if (confine() != 0)
        return 1;
    (void)syscall(SYS_mprotect, 0, 4096, 4);
    return 2;
}

static int trace_another_process(void)
{
    if (confine() != 0)
        return 1;
    (void)syscall(SYS_ptrace, 16, getppid(), 0, 0);
    return 2;
}

static int start_a_process(void)
{
    if (confine() != 0)
        return 1;
    return fork() == 0 ? 3 : 2;
}

static void what_the_loop_needs_works(void **state)
{
    (void)state;
    assert_int_equal(in_child(allowed_calls), 0);
}

static void a_forbidden_call_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(in_child(start_a_program), 256 + SIGSYS);
    assert_int_equal(in_child(open_a_network_socket), 256 + SIGSYS);
    assert_int_equal(in_child(write_anywhere), 256 + SIGSYS);
    assert_int_equal(in_child(make_memory_executable), 256 + SIGSYS);
    assert_int_equal(in_child(trace_another_process), 256 + SIGSYS);
    assert_int_equal(in_child(start_a_process), 256 + SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropping_is_for_good),
        cmocka_unit_test(dropping_that_fails_is_said),
        cmocka_unit_test(root_is_no_user_to_become),
        cmocka_unit_test(what_the_loop_needs_works),
        cmocka_unit_test(a_forbidden_call_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
