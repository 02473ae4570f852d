// Swift's own module of the system has no epoll.
#pragma once
#include <sys/epoll.h>
