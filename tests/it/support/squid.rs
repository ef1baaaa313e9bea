//! A corporate proxy: squid, as Debian packages it, on loopback, with a configuration of the test's own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{clients, eventually};

/// A running squid.
pub(crate) struct Squid {
    pub(crate) address: SocketAddr,
    process: Child,
    folder: TempDir,
}

/// Takes `name` with `pass word`, as squid hands them over.
const HELPER: &str = "#!/bin/sh
while read -r line; do
    case \"$line\" in 'na@me pass%20word' | 'na%40me pass%20word') echo OK ;; *) echo ERR ;; esac
done
";

impl Squid {
    /// `hosts` resolve to loopback there; `blocked.dev.example` is denied. `None` where there is no squid.
    pub(crate) fn start(hosts: &[&str], wants_password: bool) -> Option<Self> {
        let program = clients::optional("squid")?;
        let folder = tempfile::tempdir().unwrap();
        // Started by root, it becomes a user of its own.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("helper"), HELPER).unwrap();
        fs::write(at("hosts"), hosts.iter().map(|host| format!("127.0.0.1 {host}\n")).collect::<String>()).unwrap();
        // It cannot say which port it got: one that is free now.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let access = if wants_password {
            format!(
                "auth_param basic program /bin/sh {}\nauth_param basic children 1\nacl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n",
                at("helper")
            )
        } else {
            "http_access allow all\n".to_owned()
        };
        let text = format!(
            "http_port 127.0.0.1:{port}\nvisible_hostname squid.test\npid_filename none\npinger_enable off\n\
             shutdown_lifetime 0 seconds\ncache deny all\ncache_mem 4 MB\naccess_log stdio:{}\ncache_log {}\n\
             coredump_dir {}\nhosts_file {}\ndns_nameservers 127.0.0.1\n\
             acl blocked dstdomain blocked.dev.example\nhttp_access deny blocked\n{access}",
            at("access.log"),
            at("cache.log"),
            folder.path().display(),
            at("hosts"),
        );
        fs::write(at("squid.conf"), text).unwrap();
        let process = Command::new(program)
            // A service of its own: two of one name share their memory.
            .args(["-N", "-n", &format!("t{port}"), "-f", &at("squid.conf")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("squid");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut squid = Self { address, process, folder };
        eventually("squid to listen", || {
            if let Some(status) = squid.process.try_wait().unwrap() {
                panic!("squid ended with {status}: {}", squid.read("cache.log"));
            }
            TcpStream::connect(address).ok()
        });
        Some(squid)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// Waits until its access log has a line with this text.
    #[track_caller]
    pub(crate) fn saw(&self, text: &str) {
        eventually(&format!("`{text}` in squid's log"), || self.read("access.log").contains(text).then_some(()));
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.read("access.log")
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
