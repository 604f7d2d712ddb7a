//! Turns the protos into code: messages and clients, a server trait for the
//! stream of changes, what each message says of itself (its rules, references
//! and resource options), and the descriptors for reflection.

#![expect(unreachable_pub, reason = "a build script has no outside to reach")]

mod calls;
mod code;
mod described;
mod operand;
mod patterns;
mod references;
mod rules;
mod schema;
mod standard;
mod validate;

use std::error::Error;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorSet;

/// The package of the contract.
const PACKAGE: &str = "entente.v1";

/// Answers of the service of changes, which are encoded once and then sent to
/// many: its server handles them as bytes.
const FRAMES: [&str; 3] = ["WatchChangesResponse", "ListChangesResponse", "GetHeadResponse"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=build");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(sources()?)?;
    // The encoded set keeps the options that extensions add; a decoded one drops
    // them.
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let files = own_files(compiler.file_descriptor_set());
    messages_and_clients(files.clone())?;
    server_of_changes(files, &out.join("server"))?;

    let schema = schema::Schema::new(&compiler.descriptor_pool())?;
    let mut code = code::Code::default();
    let used = validate::write(&schema, &mut code)?;
    patterns::write(&used, &mut code)?;
    references::write(&schema, &mut code)?;
    described::write(&schema, &mut code)?;
    calls::write(&schema, &mut code)?;
    std::fs::write(out.join("rules.rs"), code.finish())?;
    Ok(())
}

fn sources() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("proto/entente/v1")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The contract and the well-known types: options need no code at run time.
fn own_files(mut files: FileDescriptorSet) -> FileDescriptorSet {
    files.file.retain(|file| [PACKAGE, "google.protobuf"].contains(&file.package()));
    files
}

fn messages_and_clients(files: FileDescriptorSet) -> Result<(), Box<dyn Error>> {
    tonic_prost_build::configure()
        .build_server(false)
        // Maps in key order, so that equal messages have equal bytes.
        .btree_map(".")
        .compile_fds(files)?;
    Ok(())
}

fn server_of_changes(mut files: FileDescriptorSet, out: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(out)?;
    for file in &mut files.file {
        file.service.retain(|service| service.name() == "ChangeService");
    }
    let mut builder = tonic_prost_build::configure()
        .build_client(false)
        .codec_path("crate::proto::StreamCodec")
        .out_dir(out)
        .extern_path(format!(".{PACKAGE}"), "crate::proto::v1");
    for name in FRAMES {
        builder = builder.extern_path(format!(".{PACKAGE}.{name}"), "crate::proto::Frame");
    }
    builder.compile_fds(files)?;
    Ok(())
}
