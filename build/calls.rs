//! Writes, for the request of each method that has one answer, which method it
//! is of, what answers it, and where its request id stands.

use prost_reflect::MethodDescriptor;

use crate::code::Code;
use crate::schema::{Fallible, Schema};

/// Methods that begin so change nothing, and may be repeated as they are.
const READS: [&str; 3] = ["Get", "BatchGet", "List"];

/// Writes it for every service.
pub fn write(schema: &Schema, code: &mut Code) -> Fallible<()> {
    for service in &schema.services {
        for method in service.methods() {
            if !method.is_client_streaming() && !method.is_server_streaming() {
                describe(&method, code)?;
            }
        }
    }
    Ok(())
}

fn describe(method: &MethodDescriptor, code: &mut Code) -> Fallible<()> {
    let (name, request) = (method.name(), method.input());
    let has_id = request.get_field_by_name("request_id").is_some();
    if !has_id && !READS.iter().any(|read| name.starts_with(read)) {
        return Err(format!("{}: a write needs a request_id", method.full_name()));
    }
    let id = if has_id { "Some(&mut self.request_id)" } else { "None" };
    let service = method.parent_service().full_name().to_owned();
    code.line(format!("\nimpl crate::model::call::Call for v1::{} {{", request.name()));
    code.line(format!("type Answer = v1::{};", method.output().name()));
    code.line(format!("const PATH: &'static str = \"/{service}/{name}\";"));
    code.line("\nfn request_id_mut(&mut self) -> Option<&mut String> {");
    code.line(id);
    code.line("}\n}");
    Ok(())
}
