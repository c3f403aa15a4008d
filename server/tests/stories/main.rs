//! What the product does, told over HTTP: the real router in-process on the memory store, with a fixed clock and seeded
//! chance. A reader should be able to learn the API from these files.

mod login;
mod world;
