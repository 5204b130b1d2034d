//! Stores that are wrong about incidents, by what they are wrong about.

mod deciding;
mod keeping;
mod remembering;
mod showing;
mod telling;

pub(crate) use deciding::*;
pub(crate) use keeping::*;
pub(crate) use remembering::*;
pub(crate) use showing::*;
pub(crate) use telling::*;
