// SPDX-License-Identifier: GPL-3.0-or-later
// UDP sockets of the DNS door: answers leave from the address that was asked.
#include "gateway/dns/datagram.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Room for the control message of either family. */
union control {
	struct cmsghdr header;
	char octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

enum ddns_result
datagram_bind(const struct listen_address *address, int *fdp)
{
	int family = address->socket.ss_family, on = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return DDNS_UNAVAILABLE;
	bool is_set = family == AF_INET
			      ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0
			      : setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
					setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on,
						   sizeof(on)) == 0;
	if (is_set && bind(fd, (const struct sockaddr *)&address->socket, address->length) == 0) {
		*fdp = fd;
		return DDNS_OK;
	}
	int error = errno;
	(void)close(fd);
	errno = error;
	return DDNS_UNAVAILABLE;
}

/* The address that was asked, out of the control messages. */
static void
path_read(struct msghdr *message, struct datagram_path *path)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
	     control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(control), sizeof(info));
			path->local.v4 = info.ipi_addr;
		} else if (control->cmsg_level == IPPROTO_IPV6 &&
			   control->cmsg_type == IPV6_PKTINFO) {
			memcpy(&path->local.v6, CMSG_DATA(control), sizeof(path->local.v6));
		}
	}
}

static in_port_t
port_of(const struct sockaddr_storage *socket)
{
	return ntohs(socket->ss_family == AF_INET
			     ? ((const struct sockaddr_in *)socket)->sin_port
			     : ((const struct sockaddr_in6 *)socket)->sin6_port);
}

enum ddns_result
datagram_receive(int fd, struct exchange **exchangep)
{
	uint8_t wire[MESSAGE_SIZE_MAX];
	union control control;
	struct datagram_path path = {.fd = fd};
	struct iovec data = {wire, sizeof(wire)};
	struct msghdr message = {
		.msg_name = &path.peer,
		.msg_namelen = sizeof(path.peer),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	ssize_t length = recvmsg(fd, &message, 0);
	if (length < 0) // an error that a peer caused (ICMP) is no reason to stop reading
		return errno == EAGAIN || errno == EWOULDBLOCK ? DDNS_NOT_FOUND : DDNS_BAD_INPUT;
	path.peer_length = message.msg_namelen;
	path_read(&message, &path);
	// nobody can be answered at port 0
	if (length < KNOT_WIRE_HEADER_SIZE || port_of(&path.peer) == 0)
		return DDNS_BAD_INPUT;

	struct address peer = address_of((const struct sockaddr *)&path.peer);
	struct exchange *exchange = exchange_create(wire, (size_t)length, &peer);
	if (exchange == NULL)
		return DDNS_NO_MEMORY;
	exchange->path = path;
	*exchangep = exchange;
	return DDNS_OK;
}

bool
datagram_send(const struct datagram_path *path, const uint8_t *wire, size_t length)
{
	union control control = {.octets = {0}};
	struct datagram_path to = *path; // msghdr knows no const
	uint8_t copy[MESSAGE_SIZE_MAX];
	struct iovec data = {copy, length};
	struct msghdr message = {
		.msg_name = &to.peer,
		.msg_namelen = to.peer_length,
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
	};
	struct cmsghdr *header = &control.header;

	memcpy(copy, wire, length);
	if (to.peer.ss_family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst = to.local.v4};
		*header = (struct cmsghdr){.cmsg_level = IPPROTO_IP,
					   .cmsg_type = IP_PKTINFO,
					   .cmsg_len = CMSG_LEN(sizeof(info))};
		memcpy(CMSG_DATA(header), &info, sizeof(info));
		message.msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = to.local.v6;
		// the interface counts where the address says too little
		if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
			info.ipi6_ifindex = 0;
		*header = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6,
					   .cmsg_type = IPV6_PKTINFO,
					   .cmsg_len = CMSG_LEN(sizeof(info))};
		memcpy(CMSG_DATA(header), &info, sizeof(info));
		message.msg_controllen = CMSG_SPACE(sizeof(info));
	}
	return sendmsg(path->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}
