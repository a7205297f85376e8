/* SPDX-License-Identifier: Apache-2.0 */
/* Ends one expansion of the rows. No include guard: it is included after each. */
#undef OBJECT
#undef END
#undef KEY
#undef STR
#undef BOOL
#undef I64
#undef U64
#undef ENUM
#undef ROWS
#undef STRS
#undef ENUMS
#undef U64S
#undef OBJ
#undef LIST
#undef MAP
#undef OMAP
