import COneDNN

/// The element types that tensors hold.
package enum ElementType: Sendable {
  case float32
  case bfloat16

  var dnnl: dnnl_data_type_t { self == .float32 ? dnnl_f32 : dnnl_bf16 }
  var bytes: Int { self == .float32 ? 4 : 2 }
}

/// Owns a oneDNN memory descriptor: shape, element type and layout of a tensor.
final class Descriptor {
  let handle: onednn_md

  /// - Throws: `EngineError.operationFailed` when the layout does not fit the rank.
  init(_ shape: [Int], _ type: ElementType, _ layout: dnnl_format_tag_t) throws(EngineError) {
    var made: onednn_md?
    let dims = shape.map(Int64.init)
    try check(
      onednn_md_create(&made, Int32(shape.count), dims, type.dnnl, layout), "describe \(shape)")
    guard let made else { throw .operationFailed(operation: "describe \(shape)", status: 1) }
    handle = made
  }

  /// The descriptor that a primitive chose for one of its arguments.
  init(of primitive: OpaquePointer, _ what: dnnl_query_t, _ index: Int = 0) throws(EngineError) {
    var made: onednn_md?
    try check(onednn_pd_md(&made, primitive, what, Int32(index)), "query layout")
    guard let made else { throw .operationFailed(operation: "query layout", status: 1) }
    handle = made
  }

  /// A window of `parent`, in its memory.
  init(window shape: [Int], at offsets: [Int], of parent: Descriptor) throws(EngineError) {
    var made: onednn_md?
    try check(
      onednn_md_window(&made, parent.handle, shape.map(Int64.init), offsets.map(Int64.init)), "window")
    guard let made else { throw .operationFailed(operation: "window", status: 1) }
    handle = made
  }

  deinit { onednn_md_destroy(handle) }

  var bytes: Int { onednn_md_size(handle) }

  func sameLayout(as other: Descriptor) -> Bool { onednn_md_equal(handle, other.handle) != 0 }
}
