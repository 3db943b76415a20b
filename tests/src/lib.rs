//! whole-system
