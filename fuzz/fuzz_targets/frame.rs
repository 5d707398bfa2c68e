//! libFuzzer's entry to [`thermocline_fuzz::frame`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| thermocline_fuzz::frame(input));
