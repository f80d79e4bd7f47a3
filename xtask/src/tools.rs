//! What the steps need, fetched once: the wasm target and the npm packages that the lock files name.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{command, output, root, run, step};

const TARGET: &str = "wasm32-unknown-unknown";

/// The wasm target of the Rust toolchain.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).exists() {
        return Ok(());
    }
    step(&format!("rustup target add {TARGET}"));
    run(&mut command("rustup", &["target", "add", TARGET]))
}

/// The crate's wasm-bindgen and the one that the build uses as a library, as Cargo.lock pins them, are the same: the format
/// between the two changes with every version. The crate itself asks for no exact version, which its users would inherit.
pub(crate) fn wasm_bindgen() -> Result<()> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock")?;
    let version = |package: &str| {
        let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
        entry.split_once('"').map(|(version, _)| version)
    };
    let (used, library) = (version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
    if used.is_none() || used != library {
        bail!(
            "Cargo.lock has wasm-bindgen {} and wasm-bindgen-cli-support {}: set the versions in xtask/Cargo.toml to the former",
            used.unwrap_or("of no version"),
            library.unwrap_or("of no version")
        );
    }
    Ok(())
}

/// Node.js 20 or newer.
pub(crate) fn node() -> Result<()> {
    let version = output(&mut command("node", &["--version"]))?;
    let major: u32 =
        version.trim().trim_start_matches('v').split('.').next().unwrap_or("0").parse().unwrap_or(0);
    if major < 20 {
        bail!("Node.js {} is too old: install Node.js 20 or newer", version.trim());
    }
    Ok(())
}

/// The npm packages of a folder, as its lock file names them.
pub(crate) fn npm_packages(folder: &str) -> Result<()> {
    let folder_path = root().join(folder);
    let lock = fs::read_to_string(folder_path.join("package-lock.json"))
        .with_context(|| format!("{folder}/package-lock.json"))?;
    let mark = folder_path.join("node_modules/.xtask-lock");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step(&format!("npm packages of {folder}/"));
    // Not `npm ci`: it refuses a lock file that was written on one platform and lacks the binaries of the others.
    run(
        command("npm", &["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder_path)
    )?;
    fs::write(mark, lock)?;
    Ok(())
}

/// The browser that the page is tested in, and its driver.
pub(crate) struct Browser {
    /// Chromium.
    pub(crate) browser: String,
    /// Chromium's driver.
    pub(crate) driver: String,
}

/// Chromium and its driver: `CHROMIUM` and `CHROMEDRIVER` name them, or they are on the PATH, or, on Debian as root,
/// they are installed.
pub(crate) fn chromium() -> Result<Browser> {
    let find = |variable: &str, names: &[&str]| {
        std::env::var(variable).ok().or_else(|| names.iter().find_map(|name| on_path(name)))
    };
    let both = || {
        let browser = find("CHROMIUM", &["chromium", "chromium-browser", "google-chrome", "chrome"])
            .or_else(|| {
                USUAL_PLACES.iter().find(|path| Path::new(path).is_file()).map(|path| (*path).to_owned())
            })?;
        Some(Browser { browser, driver: find("CHROMEDRIVER", &["chromedriver"])? })
    };
    if let Some(found) = both() {
        return Ok(found);
    }
    if on_path("apt-get").is_some() {
        step("apt-get install chromium chromium-driver");
        let _ = run(&mut command("apt-get", &["update", "-qq"]));
        let _ = run(command("apt-get", &["install", "-qq", "-y", "chromium", "chromium-driver"])
            .stdout(std::io::stderr()));
    }
    both().context(
        "Chromium and chromedriver are not there: install them, or name them in CHROMIUM and CHROMEDRIVER",
    )
}

/// Where the browser is on macOS and Windows, which do not put it on the PATH.
const USUAL_PLACES: [&str; 4] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

/// Firefox and WebKit, which the tests of every browser need beside Chromium.
pub(crate) fn browsers() -> Result<()> {
    programs(&[
        ("firefox-esr", "firefox-esr"),
        ("WebKitWebDriver", "webkit2gtk-driver"),
        ("xvfb-run", "xvfb"),
    ])
    .context("or leave out --all")
}

/// What counts instructions.
pub(crate) fn valgrind() -> Result<()> {
    programs(&[("valgrind", "valgrind")])
}

/// What one of the token stores is tested on.
pub(crate) fn redis() -> Result<()> {
    programs(&[("redis-server", "redis-server")])
}

/// A Python with another language's client of Pipedrive, in a folder of its own. Its test says that it is skipped where there
/// is none.
pub(crate) fn python_client() -> Option<String> {
    const CLIENT: &str = "pipedrive-python-lib==1.2.3";
    let folder = root().join("target/python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let mark = folder.join(CLIENT);
    if !mark.is_file() {
        let program = on_path("python3").or_else(|| on_path("python"))?;
        step(&format!("Python: {CLIENT}"));
        let path = folder.to_string_lossy().into_owned();
        run(&mut command(&program, &["-m", "venv", &path])).ok()?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT];
        run(command(&python.to_string_lossy(), &pip).stdout(std::io::stderr())).ok()?;
        fs::write(mark, "").ok()?;
    }
    Some(python.to_string_lossy().into_owned())
}

/// Programs by Debian's packages, which are installed there as root.
fn programs(needed: &[(&str, &str)]) -> Result<()> {
    let missing = || needed.iter().filter(|(program, _)| on_path(program).is_none());
    let packages: Vec<_> = missing().map(|(_, package)| *package).collect();
    if !packages.is_empty() && on_path("apt-get").is_some() {
        step(&format!("apt-get install {}", packages.join(" ")));
        let _ = run(&mut command("apt-get", &["update", "-qq"]));
        let _ = run(command("apt-get", &["install", "-qq", "-y"]).args(&packages).stdout(std::io::stderr()));
    }
    match missing().next() {
        Some((program, package)) => bail!("{program} is not there: install Debian's {package}"),
        None => Ok(()),
    }
}

fn on_path(program: &str) -> Option<String> {
    let paths = std::env::var_os("PATH")?;
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let found = std::env::split_paths(&paths).map(|folder| folder.join(&file)).find(|path| path.is_file())?;
    Some(found.to_string_lossy().into_owned())
}
