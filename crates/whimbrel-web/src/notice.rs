//! A page that says one thing: what is not there, what is not allowed, what went wrong.

use askama::Template;

use crate::frame::Frame;

/// One thing to say, and where to go from there.
#[derive(Debug, Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// What stands around it; its title is the heading.
    pub frame: Frame,
    /// What to say, a paragraph each.
    pub paragraphs: Vec<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Links;

    #[test]
    fn nothing_is_shown_unescaped() {
        let frame = Frame::new("<script>alert(1)</script>", Links::from_path("/_whimbrel/ui/x"));
        let page = NoticePage { frame, paragraphs: vec!["\"'><img src=x onerror=alert(1)>".into()] };
        let html = page.render().expect("a page");
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
        assert_eq!(html.matches("<h1").count(), 1);
        for asked in html.split("ui/assets/").skip(1) {
            let path = asked.split('"').next().unwrap_or_default();
            assert!(crate::assets::at(path).is_some(), "{path}");
        }
    }
}
