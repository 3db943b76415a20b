//! One list of names where several would have to agree: the events of a service, and the services.

/// Declares the events of a service: each name is a struct of this module, and the literal its type.
///
/// It makes the enum, written as the data of its event, [`DomainEvent`](crate::DomainEvent) for it,
/// `TYPE` on each struct, and the way from each struct into the enum.
macro_rules! events {
    (
        $(#[$about:meta])*
        pub enum $Events:ident of $service:ident on $stream:ident {
            $( $(#[$of:meta])* $Event:ident = $kind:literal, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum $Events {
            $( $(#[$of])* $Event($Event), )*
        }

        impl $crate::DomainEvent for $Events {
            const SERVICE: $crate::Service = $crate::Service::$service;
            const STREAM: $crate::Stream = $crate::Stream::$stream;
            const TYPES: &'static [&'static str] = &[$($kind),*];

            fn event_type(&self) -> &'static str {
                match self {
                    $( Self::$Event(_) => $kind, )*
                }
            }

            fn data(&self) -> impl serde::Serialize + '_ {
                self
            }

            fn decode_from<'de, D: serde::Deserializer<'de>>(
                kind: &str,
                data: D,
            ) -> Result<Option<Self>, D::Error> {
                let event = match kind {
                    $( $kind => Self::$Event(serde::Deserialize::deserialize(data)?), )*
                    _ => return <serde::de::IgnoredAny as serde::Deserialize>::deserialize(data).map(|_| None),
                };
                Ok(Some(event))
            }
        }

        $(
            impl $Event {
                #[doc = concat!("The type of its events: `", $kind, "`.")]
                pub const TYPE: &'static str = $kind;
            }

            impl From<$Event> for $Events {
                fn from(data: $Event) -> Self {
                    Self::$Event(data)
                }
            }
        )*
    };
}

/// Declares the sum of all services' events: each name with the service that writes them.
macro_rules! sum_of_events {
    (
        $(#[$about:meta])*
        pub enum $Sum:ident {
            $( $(#[$of:meta])* $Name:ident($Events:ty) of $Service:ident, )*
        }
        without $($Silent:ident),*
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $Sum {
            $( $(#[$of])* $Name($Events), )*
        }

        impl $Sum {
            /// The event of a type and its data, whichever service wrote it; none for an unknown type.
            pub fn decode_from<'de, D: serde::Deserializer<'de>>(
                kind: &str,
                data: D,
            ) -> Result<Option<Self>, D::Error> {
                Ok(match Self::service_of(kind) {
                    $( Some(Service::$Service) => <$Events>::decode_from(kind, data)?.map($Sum::$Name), )*
                    $( Some(Service::$Silent) )|* | None => {
                        serde::de::IgnoredAny::deserialize(data).map(|_| None)?
                    }
                })
            }

            /// The event of a type and its data as JSON, whichever service wrote it.
            pub fn decode(kind: &str, data: &[u8]) -> Result<Self, DecodeError> {
                match Self::service_of(kind) {
                    $( Some(Service::$Service) => <$Events>::decode(kind, data).map($Sum::$Name), )*
                    $( Some(Service::$Silent) )|* | None => Err(DecodeError::unknown(kind)),
                }
            }

            /// The full type, ending in the version.
            pub fn event_type(&self) -> &'static str {
                match self {
                    $( $Sum::$Name(event) => event.event_type(), )*
                }
            }

            /// The types of a service's events.
            pub fn types_of(service: Service) -> &'static [&'static str] {
                match service {
                    $( Service::$Service => <$Events>::TYPES, )*
                    $( Service::$Silent )|* => &[],
                }
            }

            /// The message body, in an envelope.
            pub fn encode(&self, envelope: &Envelope) -> Result<Vec<u8>, serde_json::Error> {
                match self {
                    $( $Sum::$Name(event) => envelope.encode(event), )*
                }
            }
        }

        $(
            impl From<$Events> for $Sum {
                fn from(event: $Events) -> Self {
                    $Sum::$Name(event)
                }
            }
        )*
    };
}
