// How many threads are used where the caller asks for no number: what threadpoolctl reads and sets.
#pragma once

#if defined(_WIN32)
#define BACKPASS_EXPORT extern "C" __declspec(dllexport)
#else
#define BACKPASS_EXPORT extern "C" __attribute__((visibility("default")))
#endif

BACKPASS_EXPORT int backpass_get_num_threads();
BACKPASS_EXPORT void backpass_set_num_threads(int threads);
