//! Memory for a small module: blocks of powers of two, kept in a list per size once they are free. A general allocator is
//! three times the code.
#![allow(unsafe_code, reason = "an allocator hands out raw memory")]
#![allow(clippy::cast_ptr_alignment, reason = "every block is aligned for an address")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::null_mut;

const PAGE: usize = 65_536;

/// The alignment of every block, and the smallest size.
const SMALLEST: usize = 8;

pub(super) struct PowersOfTwo {
    /// The first free block of each size; each block begins with the address of the next.
    free: [Cell<*mut u8>; 32],
    /// The memory that was never handed out.
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: the module has one thread.
unsafe impl Sync for PowersOfTwo {}

impl PowersOfTwo {
    pub(super) const fn new() -> Self {
        Self { free: [const { Cell::new(null_mut()) }; 32], next: Cell::new(0), end: Cell::new(0) }
    }

    /// The list of free blocks of a size, and the binary logarithm of the size of its blocks.
    #[inline(never)]
    fn list(&self, size: usize) -> Option<(&Cell<*mut u8>, u32)> {
        let class = usize::BITS - (size.max(SMALLEST) - 1).leading_zeros();
        self.free.get(class as usize).map(|list| (list, class))
    }
}

// SAFETY: a block is in one list or in use, and is as large as its class, which is at least what was asked for.
unsafe impl GlobalAlloc for PowersOfTwo {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((list, class)) = self.list(layout.size()) else { return null_mut() };
        let first = list.get();
        if !first.is_null() {
            // SAFETY: the block is free, and begins with the address of the next.
            list.set(unsafe { first.cast::<*mut u8>().read() });
            return first;
        }
        // Nothing in the package asks for more.
        if layout.align() > SMALLEST {
            return null_mut();
        }
        let size = 1 << class;
        if self.end.get() - self.next.get() < size {
            let pages = size.div_ceil(PAGE);
            let before = core::arch::wasm32::memory_grow(0, pages);
            if before == usize::MAX {
                return null_mut();
            }
            // JavaScript may have grown the memory in between.
            let start = before * PAGE;
            if start != self.end.get() {
                self.next.set(start);
            }
            self.end.set(start + pages * PAGE);
        }
        let block = self.next.get();
        self.next.set(block + size);
        block as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some((list, _)) = self.list(layout.size()) {
            // SAFETY: the block has room for an address, and nothing uses it any more.
            unsafe { block.cast::<*mut u8>().write(list.get()) };
            list.set(block);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let class = |size| self.list(size).map(|(_, class)| class);
        if class(size) == class(layout.size()) {
            return block;
        }
        // SAFETY: the caller's promises are those that these three ask for.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
