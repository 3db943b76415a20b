//! People at the doors, where a test has to come between two steps of a sign-in.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use chassis::{
    Platform, Routes,
    access::{MadeUp, Session},
    cache::Cache,
    http::Names,
    log::{Log, file::FileLog},
    task::Tasks,
};
use jiff::SignedDuration;
use tokio::sync::{Notify, mpsc};
use tower::ServiceExt as _;

use super::*;
use crate::{
    actions::{POLICY, SEE_OWN},
    bootstrap::first_administrator,
};

const NAME: &str = "a.officer@example.org";

struct Here {
    people: People,
    access: Access,
    clock: Clock,
    administrator: Giver,
    app: Router,
    caught: mpsc::Receiver<Giver>,
    _folder: tempfile::TempDir,
}

impl Here {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap());
        let log: Log = Arc::new(FileLog::open(&folder.path().join("log.redb")).await.unwrap());
        let access_log: Log = Arc::new(FileLog::open(&folder.path().join("access.redb")).await.unwrap());
        let key = first_administrator(&access_log, &clock, "X26".parse().unwrap()).await.unwrap();
        let tasks = Tasks::new();
        let sessions = chassis::testing::server::sessions();
        let access = Access::start(&log, access_log.clone(), sessions, &clock, &tasks);
        let platform =
            Platform::new(log, folder.path(), access.clone(), Names::default(), clock.clone(), tasks);
        let cache = Cache::open(&folder.path().join("cache"), access_log.as_ref(), &clock).await.unwrap();
        let commands = Commands::new(access_log, cache).unwrap();
        let accounts = Accounts::open(&folder.path().join("accounts.redb")).unwrap();
        let people = People::new(accounts, commands, access.clone(), clock.clone()).unwrap();
        // A route that hands over whoever asks there.
        let (hand_over, caught) = mpsc::channel(1);
        let routes = Routes::new().get("/caught", SEE_OWN.here(), move |giver: Giver| {
            let hand_over = hand_over.clone();
            async move { hand_over.send(giver).await.unwrap() }
        });
        let mut services = [chassis::Service {
            name: crate::NAME,
            routes,
            policy: Some(POLICY),
            openapi: Default::default(),
            ready: Arc::new(|| Ok(())),
            on_stop: None,
        }];
        let app = chassis::service::routes(&platform, &mut services).unwrap();
        let mut caught = caught;
        let bearer = format!("Bearer {}", key.reveal());
        let administrator = catch(&app, &mut caught, header::AUTHORIZATION, &bearer).await;
        Self { people, access, clock, administrator, app, caught, _folder: folder }
    }

    fn later(&self, seconds: i64) {
        self.clock.set(self.clock.machine_now() + SignedDuration::from_secs(seconds));
    }

    /// Someone with a first password.
    async fn open_account(&self) -> (PersonId, Typed) {
        let new = NewAccount {
            user_name: NAME.parse().unwrap(),
            display_name: "A. Officer".to_owned(),
            role: Role::Assessor,
            organisation: "ZZPARTNER".parse().unwrap(),
            organisation_name: Some("A delivery partner".to_owned()),
        };
        let (person, password, _) = self.people.open(&self.administrator, new).await.unwrap();
        (person, password)
    }

    fn session_of(&self, known: &Recognised) -> Session {
        let now = self.clock.machine_now();
        let session = Session::begin(known.person, known.role, known.organisation, SignInWay::Password, now);
        Session { since: known.since, ..session }
    }

    /// Someone as handlers hear of them.
    async fn viewer_of(&mut self, session: &Session) -> Viewer {
        let cookie = chassis::testing::server::cookie(self.access.sessions(), session);
        catch(&self.app, &mut self.caught, header::COOKIE, &cookie).await.viewer
    }

    /// Signs in, and does something else once the password was found right and before anyone is in. The
    /// other has to wait at the door, and the session begins meanwhile.
    async fn sign_in_while<T>(
        &self,
        password: Typed,
        other: impl Future<Output = Result<T, Problem>>,
    ) -> Session {
        let found_right = Notify::new();
        let enter = async |known: Recognised| {
            found_right.notify_one();
            while self.people.changing.try_read().is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            self.later(1);
            let session = self.session_of(&known);
            self.later(1);
            Ok(session)
        };
        let sign_in = self.people.recognise(&self.administrator.viewer, somewhere(), NAME, password, enter);
        let other = async {
            found_right.notified().await;
            other.await
        };
        let (session, done) = tokio::join!(sign_in, other);
        assert!(done.is_ok(), "{:?}", done.err());
        session.unwrap().unwrap()
    }
}

fn somewhere() -> From {
    From { peer: IpAddr::V4(Ipv4Addr::LOCALHOST).into(), browser: None }
}

async fn catch(
    app: &Router,
    caught: &mut mpsc::Receiver<Giver>,
    name: header::HeaderName,
    value: &str,
) -> Giver {
    let request = Request::get("/caught").header(header::HOST, "localhost").header(name, value);
    let answer = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    caught.recv().await.unwrap()
}

#[tokio::test]
async fn whoever_was_signing_in_while_the_password_was_reset_is_out() {
    let here = Here::start().await;
    let (person, password) = here.open_account().await;
    here.later(1);
    let session = here.sign_in_while(password, here.people.reset(&here.administrator, person)).await;
    assert!(!here.access.known().stands(&session, MadeUp::LeftOut));
}

#[tokio::test]
async fn whoever_was_signing_in_while_they_were_put_out_is_out() {
    let here = Here::start().await;
    let (person, password) = here.open_account().await;
    here.later(1);
    let end = here.people.end_sessions(&here.administrator, person);
    let session = here.sign_in_while(password.clone(), end).await;
    assert!(!here.access.known().stands(&session, MadeUp::LeftOut));
    let disable = here.people.disable(&here.administrator, person, String::new());
    let session = here.sign_in_while(password.clone(), disable).await;
    here.people.enable(&here.administrator, person).await.unwrap();
    assert!(
        !here.access.known().stands(&session, MadeUp::LeftOut),
        "not even once the account is open again"
    );
}

#[tokio::test]
async fn whoever_was_signing_in_while_the_password_was_changed_is_out() {
    let mut here = Here::start().await;
    let (_, first) = here.open_account().await;
    here.later(1);
    let enter = async |known: Recognised| Ok(here.session_of(&known));
    let viewer = &here.administrator.viewer;
    let own = here.people.recognise(viewer, somewhere(), NAME, first.clone(), enter).await.unwrap().unwrap();
    let viewer = here.viewer_of(&own).await;
    let new = Typed::from("three words in a row".to_owned());
    let mut renewed = None;
    let change = here.people.change_password(&viewer, first.clone(), new, async |known| {
        renewed = Some(here.session_of(&known));
        Ok(())
    });
    let session = here.sign_in_while(first.clone(), change).await;
    let known = here.access.known();
    assert!(!known.stands(&session, MadeUp::LeftOut) && !known.stands(&own, MadeUp::LeftOut));
    assert!(known.stands(&renewed.unwrap(), MadeUp::LeftOut), "whoever changed it is in");
}

#[tokio::test]
async fn whoever_was_signing_in_is_out_also_where_the_clock_went_back() {
    let here = Here::start().await;
    let (person, password) = here.open_account().await;
    here.later(1);
    let earlier = async {
        here.later(-3600);
        here.people.end_sessions(&here.administrator, person).await?;
        here.later(7200);
        Ok::<(), Problem>(())
    };
    let session = here.sign_in_while(password, earlier).await;
    assert!(!here.access.known().stands(&session, MadeUp::LeftOut));
}

#[tokio::test]
async fn whoever_is_not_let_in_costs_one_hash_whether_or_not_there_is_such_a_user() {
    let here = Here::start().await;
    let (person, password) = here.open_account().await;
    let wrong = Typed::from("not the password".to_owned());
    let cost = async |name: &str, password: &Typed| {
        let before = here.people.workshop.compared();
        let enter = async |_| Ok(());
        let viewer = &here.administrator.viewer;
        let entered =
            here.people.recognise(viewer, somewhere(), name, password.clone(), enter).await.unwrap();
        (entered.is_ok(), here.people.workshop.compared() - before)
    };
    for name in ["nobody@example.org", "", "no user name at all", NAME] {
        assert_eq!(cost(name, &wrong).await, (false, 1), "{name:?}");
    }
    assert_eq!(cost(NAME, &password).await, (true, 1));
    for _ in 0..5 {
        cost(NAME, &wrong).await;
    }
    assert_eq!(cost(NAME, &password).await, (false, 1), "locked");
    here.later(60);
    here.people.disable(&here.administrator, person, String::new()).await.unwrap();
    assert_eq!(cost(NAME, &password).await, (false, 1), "closed");
}
