#include <stdlib.h>
#include <string.h>
int main(void){ char*p=0,*q=0; for(size_t n=1<<18;n<=(1<<26);n*=2){p=realloc(p,n);memset(p,1,n); q=realloc(q,n+n/2); memset(q,2,n);} free(p);free(q);return 0;}
