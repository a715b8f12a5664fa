//! The real service in this process, on a folder of its own.

use std::path::Path;

use domain::stamp::Actor;
use local::{Options, Running, start};
use tempfile::TempDir;

use crate::client::Client;

/// A running service; its folder goes with it.
pub struct Service {
    /// The service.
    pub running: Running,
    /// A client with the administrator's key.
    pub admin: Client,
    /// The folder.
    pub folder: TempDir,
}

impl Service {
    /// Starts one on an empty folder.
    pub async fn start() -> Self {
        Self::start_on(tempfile::tempdir().unwrap()).await
    }

    /// Starts one on a folder that may hold what an earlier one left.
    pub async fn start_on(folder: TempDir) -> Self {
        let running = start(&options(folder.path())).await.unwrap();
        let admin = Client::new(&running.api, &running.api_key);
        Self { running, admin, folder }
    }

    /// A client of another tenant; no route makes tenants.
    pub async fn another_tenant(&self) -> Client {
        let app = &self.running.app;
        let tenant = app.stamp(Actor::System).id(0);
        self.admin.with_key(&bootstrap::administrator(app, tenant).await.unwrap())
    }

    /// Stops it and starts another one on the same folder.
    pub async fn restart(self) -> Self {
        let Self { running, folder, .. } = self;
        running.stop().await;
        Self::start_on(folder).await
    }
}

/// On this folder, on any free ports, without the demo.
pub fn options(folder: &Path) -> Options {
    Options {
        port: 0,
        provider_port: 0,
        data_dir: folder.to_path_buf(),
        no_demo: true,
        json: false,
        allow_private_egress: false,
    }
}
