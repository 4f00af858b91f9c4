//! The pages: what is to be shown goes in as plain values, HTML comes out, with every style and script that it needs.
//!
//! Pure: no store, no request, no clock. Nothing here decides who may see what; `whimbrel` does, before it fills a page.
