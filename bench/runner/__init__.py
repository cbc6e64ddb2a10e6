# SPDX-License-Identifier: Apache-2.0
"""What tools/bench does: the cases, how they are measured, and what is printed of them."""
