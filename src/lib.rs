#![doc = include_str!("../README.md")]

pub mod api;
pub mod models;
#[cfg(feature = "sandbox")]
pub mod sandbox;
