;; Decodes the text that a module travels in, see ascii.mjs: its bytes from `from` up to `end` are replaced by those of the module, and `to`
;; becomes where they end. The byte of a character is at its code; each blank moves on by 128, to the bytes of the next table.
(module
  (memory (export "m") 8)
  (func (export "d") (param $from i32) (param $to i32) (param $end i32) (result i32)
    (local $table i32) (local $code i32)
    (loop $next
      (if (i32.eq (local.tee $code (i32.load8_u (local.get $from))) (i32.const 32))
        (then
          (local.set $table (i32.add (local.get $table) (i32.const 128))))
        (else
          (i32.store8 (local.get $to) (i32.load8_u (i32.add (local.get $table) (local.get $code))))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $table (i32.const 0))))
      (br_if $next (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 1))) (local.get $end))))
    (local.get $to)))
