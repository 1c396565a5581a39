/*
 * base/version: the program's version.
 * SPDX-License-Identifier: MIT
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define OOBESCOPE_VERSION "0.1"

#endif
