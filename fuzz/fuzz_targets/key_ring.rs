//! libFuzzer's entry to [`thermocline_fuzz::key_ring`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| thermocline_fuzz::key_ring(input));
