//! pg_tviews: transactional views.
::pgrx::pg_module_magic!(name, version);
