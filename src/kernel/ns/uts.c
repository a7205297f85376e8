/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the machine as the container sees it. Whose namespace this is was decided in the plan. */
#include "kernel/ns/uts.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int uts_apply(const struct flat *f, const struct uts_plan *p, struct err *err)
{
	const char *hostname = flat_str(f, p->hostname), *domainname = flat_str(f, p->domainname);
	struct utsname now;

	if ((flat_has(p->hostname) && !hostname) || (flat_has(p->domainname) && !domainname))
		return err_set(err, EPROTO, "set the host name: the record is damaged");
	if (!hostname && !domainname)
		return 0;
	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		return err_sys(err, "set the host name `%s`", hostname);
	if (domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return err_sys(err, "set the domain name `%s`", domainname);
	if (uname(&now) < 0)
		return err_sys(err, "read the host name");
	if (hostname && strcmp(now.nodename, hostname))
		return err_set(err, EPERM, "set the host name `%s`: it is `%s` afterwards", hostname, now.nodename);
	if (domainname && strcmp(now.domainname, domainname))
		return err_set(err, EPERM, "set the domain name `%s`: it is `%s` afterwards", domainname,
			       now.domainname);
	return 0;
}
