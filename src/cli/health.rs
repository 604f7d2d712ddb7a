//! Asks a running service whether it is healthy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Failure;

/// How long the question may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the service on this machine.
#[derive(Clone, Debug, Args)]
pub struct Healthcheck {
    /// The address that the service listens on
    #[arg(
        long,
        env = "ENTENTE_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "HOST:PORT"
    )]
    listen: SocketAddr,
}

impl Healthcheck {
    /// Ends well if the service says that it serves.
    pub async fn run(self) -> Result<(), Failure> {
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE);
        let mut client = HealthClient::new(endpoint.connect().await?);
        let answer = client.check(HealthCheckRequest::default()).await?;
        match answer.into_inner().status() {
            ServingStatus::Serving => Ok(()),
            other => Err(format!("the service at {address} is {}", other.as_str_name()).into()),
        }
    }
}
