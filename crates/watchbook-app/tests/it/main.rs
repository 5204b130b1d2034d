//! The one door, from outside: calls as front-ends make them, over a store in memory.

mod actions;
mod audit;
mod faulty;
mod keys;
mod policies;
mod roles;
mod summary;
mod world;
mod writes;
