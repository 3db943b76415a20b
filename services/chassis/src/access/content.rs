//! Who reads what an event says, and who is told only that it happened: the one place that decides it. The
//! event feed, histories, single events and files made of them all ask here.

use bytes::Bytes;
use proto::{Content, Header, Subject, content::without_content};

use super::{Action, Viewer};

/// Read the words of practices and assessors about an organisation.
pub const READ_CONTENT: Action = Action::new("platform", "read-content");

impl Viewer {
    /// Whether they may read the words that something holds.
    pub fn may_read(&self, content: Content) -> bool {
        match content {
            Content::Public => true,
            Content::Of(organisation) => self.may(READ_CONTENT, organisation),
            Content::Restricted => self.may_in_england(READ_CONTENT),
        }
    }

    /// An event as they may read it: as it was recorded, or without its content. Nothing where it is no
    /// event, and so may hold anyone's words, and they do not see all of England's.
    pub fn event_as_they_may_read(&self, body: &Bytes) -> Option<Bytes> {
        let header = Header::read(body).ok();
        let subject: Option<Subject> = header.and_then(|header| header.subject.parse().ok());
        if self.may_read(Content::of(subject.as_ref())) {
            return Some(body.clone());
        }
        subject.and_then(|_| without_content(body)).map(Bytes::from)
    }
}
