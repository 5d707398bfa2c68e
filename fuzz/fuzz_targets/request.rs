//! libFuzzer's entry to [`thermocline_fuzz::request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| thermocline_fuzz::request(input));
