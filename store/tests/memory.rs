//! Memory keeps the contract.

use vestibule_store::Memory;

vestibule_store::conformance!(Memory::default());
