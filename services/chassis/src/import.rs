//! Files in: streaming, row by row.
