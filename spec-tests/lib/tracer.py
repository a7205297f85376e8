# SPDX-License-Identifier: Apache-2.0
"""Compiles the small static programs that tests use; those that trace others include tracer.h and find the names of calls beside them."""
import os, re, subprocess, sys

LIB = os.path.dirname(os.path.abspath(__file__))


def names(cc):
    """`[SYS_x] = "x",` for every system call of the C library's headers; some that are newer than these have the same number everywhere."""
    defines = subprocess.run([*cc, "-dM", "-E", "-include", "sys/syscall.h", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    found = re.findall(r"^#define __NR_(\w+) \d+$", defines, re.M)
    newer = {"map_shadow_stack": 453, "fchmodat2": 452, "statmount": 457, "listmount": 458, "open_tree_attr": 467}
    rows = ['[__NR_%s] = "%s",' % (n, n) for n in found]
    return "\n".join(rows + ['[%d] = "%s",' % (v, n) for n, v in newer.items() if n not in found]) + "\n"


def compile_static(source, directory):
    """The program of SOURCE.c in a directory; None without a compiler or a static C library."""
    out = os.path.join(directory, os.path.basename(source)[:-2])
    if os.path.exists(out):
        return out
    cc = os.environ.get("CC", "gcc").split()
    inc = os.path.join(directory, "syscall_names.inc")
    if not os.path.exists(inc):
        with open(inc, "w") as f:
            f.write(names(cc))
    p = subprocess.run([*cc, "-O1", "-static", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-I" + LIB, "-I" + directory, "-o", out, source], stderr=subprocess.PIPE)
    if p.returncode:
        sys.stderr.write(p.stderr.decode())
        return None
    return out
