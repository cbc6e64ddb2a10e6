/* SPDX-License-Identifier: Apache-2.0
 *
 * What the ABI sees of the core.
 */
#ifndef HAWSER_CORE_CORE_H
#define HAWSER_CORE_CORE_H

#include "core/conn.h"
#include "core/file.h"
#include "core/fork.h"
#include "core/listener.h"
#include "core/mux/session.h"
#include "core/park.h"
#include "core/queue.h"
#include "core/refused.h"
#include "core/runtime.h"
#include "core/scope.h"
#include "core/stats.h"
#include "core/stream.h"

#endif
